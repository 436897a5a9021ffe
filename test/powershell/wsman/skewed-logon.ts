/** Logs on to Kerberos with the password that comes on standard input, and says how that went. Started with another clock. */
import { text } from "node:stream/consumers";
import { ProviderError } from "../../../provider/error";
import { Credential } from "../../../provider/kerberos";
import { SecureString } from "../../../provider/powershell/psrp";

async function main(principal: string): Promise<void> {
  const password = new SecureString(await text(process.stdin));
  try {
    (await Credential.acquire({ kind: "password", principal, password }, "spnego")).close();
    console.log(JSON.stringify({ code: "none", message: "" }));
  } catch (thrown) {
    const { code, message } = ProviderError.from(thrown);
    console.log(JSON.stringify({ code, message }));
  }
}

void main(process.argv[2] ?? "");
