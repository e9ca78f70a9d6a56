// A MongoDB-compatible server for the tests that has unique indexes and keeps everything in memory.
//
// usage: mongo-java-server ADDRESS FOLDER
//
// Serves ADDRESS (host:port; port 0 takes a free one), prints its URI when it listens, and ends with SIGTERM or SIGKILL.
// All data is lost at the end. FOLDER is not used: the command line is that of tests/ferretdb.
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetAddress;
import java.net.InetSocketAddress;

public final class Main {
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: mongo-java-server ADDRESS FOLDER");
            System.exit(2);
        }
        int colon = arguments[0].lastIndexOf(':');
        InetAddress host = InetAddress.getByName(arguments[0].substring(0, colon));
        int port = Integer.parseInt(arguments[0].substring(colon + 1));
        MongoServer server = new MongoServer(new MemoryBackend());
        server.bind(new InetSocketAddress(host, port));
        InetSocketAddress address = server.getLocalAddress();
        System.out.println("mongodb://" + address.getAddress().getHostAddress() + ":" + address.getPort() + "/");
    }
}
