// The `ws` library, as its documentation shows a broadcast: whatever a publisher says, line by
// line, is sent to everybody.
const { WebSocketServer, WebSocket } = require("ws");
const { publishers } = require("./lines.cjs");

const audience = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  backlog: 4096,
  perMessageDeflate: false,
});
const publish = (line) => {
  for (const client of audience.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(line);
  }
};
audience.on("listening", () => publishers(publish, audience.address().port));
