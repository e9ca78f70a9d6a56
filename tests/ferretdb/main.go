// A MongoDB-compatible server for the tests: FerretDB on its SQLite backend, in one process.
//
// usage: ferretdb ADDRESS FOLDER
//
// Serves ADDRESS (host:port; port 0 takes a free one) from the databases in FOLDER, prints its URI when it listens, and
// ends with SIGTERM or SIGINT. What was answered is in FOLDER also after kill -9.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: ferretdb ADDRESS FOLDER")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func serve(address, folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: address},
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Handler:   "sqlite",
		SQLiteURL: "file:" + folder + "/",
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go announce(server)
	return server.Run(ctx)
}

// announce says the URI once a connection is taken there.
func announce(server *ferretdb.FerretDB) {
	uri := server.MongoDBURI()
	for {
		connection, err := net.Dial("tcp", uri[len("mongodb://"):len(uri)-1])
		if err == nil {
			connection.Close()
			fmt.Println(uri)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
