/**
 * Loaded into the processes of a stack by NODE_OPTIONS: their clock is as many milliseconds ahead as the file CLOCK_AHEAD
 * says. Kerberos and TLS go by the machine's.
 */
const { readFileSync } = require("node:fs");

const ahead = Number(readFileSync(process.env.CLOCK_AHEAD, "utf8"));
const MachineDate = globalThis.Date;

globalThis.Date = class extends MachineDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [MachineDate.now() + ahead] : parts));
  }

  static now() {
    return MachineDate.now() + ahead;
  }
};
