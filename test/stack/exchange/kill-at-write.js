/**
 * Loaded into a provider process by NODE_OPTIONS: counts what it sends to other machines, piece by piece, and ends it with
 * SIGKILL at the piece with the number KILL_AT, which is then lost. Without KILL_AT, KILL_COUNT names a file for the count.
 */
const net = require("node:net");
const { appendFileSync } = require("node:fs");

const ports = new Set([22, 80, 389, 443, 636, 3269]);
const { KILL_AT, KILL_COUNT } = process.env;
const { write } = net.Socket.prototype;
let count = 0;

net.Socket.prototype.write = function (...piece) {
  if (ports.has(this.remotePort)) {
    count += 1;
    if (KILL_COUNT !== undefined) appendFileSync(KILL_COUNT, `${count} ${this.remoteAddress}:${this.remotePort}\n`);
    if (count === Number(KILL_AT)) process.kill(process.pid, "SIGKILL");
  }
  return write.apply(this, piece);
};
