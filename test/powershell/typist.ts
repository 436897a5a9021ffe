/**
 * Passes its input on to a shell as Windows PowerShell 5.1 takes it in: as if it were typed. Once a line is no whole statement, all
 * that follows up to an empty line is part of it. PowerShell 7 sees by itself where a statement ends.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [engine = "", ...words] = process.argv.slice(2);
const shell = spawn(engine, words, { stdio: ["pipe", "inherit", "inherit"] });
const count = (text: string, letters: RegExp) => text.match(letters)?.length ?? 0;
let open = "";
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const whole = open === "" && count(line, /[({]/g) <= count(line, /[)}]/g);
    if (whole || line.trim() === "") {
      shell.stdin.write(`${open}${line}\n`);
      open = "";
    } else open += `${line}\n`;
  })
  .on("close", () => shell.stdin.end());
// At the end of its input it would stay.
process.on("SIGTERM", () => shell.kill());
shell.on("exit", (code) => process.exit(code ?? 1));
