// A chat server as the documentation of `ws` writes it ("server broadcast"), with a set of clients for each room.
// Usage: node ws_chat.js PORT
const { WebSocket, WebSocketServer } = require("ws");

const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });

server.on("connection", (ws, request) => {
    if (!rooms.has(request.url)) rooms.set(request.url, new Set());
    const room = rooms.get(request.url);
    room.add(ws);
    ws.on("error", () => {});
    ws.on("message", (data, isBinary) => {
        for (const client of room) {
            if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
        }
    });
    ws.on("close", () => {
        room.delete(ws);
        if (room.size === 0) rooms.delete(request.url);
    });
});
