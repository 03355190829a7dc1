// Takes lines from publishers, and says on which ports readers and publishers are expected.
const { createServer } = require("net");
const { createInterface } = require("readline");

exports.publishers = (publish, readers) => {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    createInterface({ input: socket }).on("line", (line) => {
      socket.write("taken\n");
      publish(line);
    });
  });
  server.listen(0, "127.0.0.1", () => {
    console.log(`127.0.0.1:${readers} 127.0.0.1:${server.address().port}`);
  });
};
