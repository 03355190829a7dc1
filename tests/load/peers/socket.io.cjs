// Socket.IO, with WebSocket only: whatever a publisher says, line by line, is emitted to everybody.
const { createServer } = require("http");
const { Server } = require("socket.io");
const { publishers } = require("./lines.cjs");

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () =>
  publishers((line) => io.emit("m", line), http.address().port),
);
