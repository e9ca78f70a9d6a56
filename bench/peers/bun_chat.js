// A chat server as Bun's documentation writes it: rooms are topics, publish/subscribe does the fan-out in native code.
// Usage: bun bun_chat.js PORT
const server = Bun.serve({
    hostname: "127.0.0.1",
    port: Number(process.argv[2]),
    fetch(request, server) {
        const room = new URL(request.url).pathname;
        if (server.upgrade(request, { data: { room } })) return undefined;
        return new Response("upgrade to WebSocket", { status: 426 });
    },
    websocket: {
        open(ws) {
            ws.subscribe(ws.data.room);
        },
        message(ws, message) {
            server.publish(ws.data.room, message);
        },
        close(ws) {
            ws.unsubscribe(ws.data.room);
        },
    },
});
