/**
 * Loaded into the processes of a `pulumi` command by NODE_OPTIONS. The one that loads our LDAP sessions is the provider: it
 * appends to WATCH_FILE a line for each request, with its kind, and one whenever its greatest memory has grown, in KiB.
 */
const Module = require("node:module");
const { appendFileSync, readFileSync } = require("node:fs");

const file = process.env.WATCH_FILE;
const load = Module._load;
const requests = ["search", "add", "modify", "move", "delete"];
let watched = false;

Module._load = function (...given) {
  const loaded = load.apply(this, given);
  if (!watched && /\/ldap-session$/.test(given[0]) && loaded.LdapSession !== undefined) {
    watched = true;
    watch(loaded.LdapSession.prototype);
  }
  return loaded;
};

function watch(session) {
  for (const request of requests) {
    const send = session[request];
    session[request] = function (...given) {
      appendFileSync(file, `LDAP ${request}\n`);
      return send.apply(this, given);
    };
  }
  let greatest = 0;
  const look = () => {
    const now = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
    if (now > greatest) appendFileSync(file, `memory ${now}\n`);
    greatest = Math.max(greatest, now);
  };
  setInterval(look, 50).unref();
  process.on("exit", look);
}
