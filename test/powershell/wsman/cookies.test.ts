import { strict as assert } from "node:assert";
import { corp } from "../../../lab/domain-controller";
import { password } from "../../../lab/passwords";
import { delegatedUser } from "../../../lab/people";
import { SecureString } from "../../../provider/powershell/psrp";
import { openWsmanSession } from "../../../provider/powershell/wsman";
import { CookieJar } from "../../../provider/powershell/wsman/cookie-jar";
import { requireExchange } from "../../support/lab";
import { Gateway } from "./gateway";
import { Greeter, hello } from "./greeter";

describe("cookies over WS-Management", function () {
  this.timeout(20_000);

  it("go along on every connection of a session: Exchange's front end finds the shell's server by them", async function () {
    await requireExchange(this);
    const gateway = await Gateway.open((_user, _query, listener) => new Greeter(listener));
    const seen: (string | undefined)[] = [];
    gateway.meddling = {
      instead: ({ headers }, response) => {
        seen.push(headers.cookie);
        response.setHeader("Set-Cookie", ["X-BackEndCookie=cas-2; path=/PowerShell; secure; HttpOnly", "ClientId=1"]);
        return false;
      },
    };
    try {
      const session = await openWsmanSession({
        url: gateway.url,
        identity: {
          kind: "password",
          principal: `${delegatedUser}@${corp.realm}`,
          password: new SecureString(password(`${delegatedUser}@${corp.dnsName}`)),
        },
        realm: corp.realm,
        resourceUri: "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
      });
      assert.deepEqual((await session.invoke(hello)).output, ["hello"]);
      await session.close();
    } finally {
      await gateway.close();
    }
    const [first, ...others] = seen;
    assert.equal(first, undefined);
    assert.ok(others.length > 3);
    assert.deepEqual(new Set(others), new Set(["X-BackEndCookie=cas-2; ClientId=1"]));
  });

  it("are replaced and forgotten as the server says", () => {
    const jar = new CookieJar();
    jar.store(["a=1; Path=/", "b=2", "c=x=y; Max-Age=60", "no cookie"]);
    jar.store(["a=3", "b=; expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
    assert.equal(jar.header, "a=3; c=x=y");
    jar.store(["c=; Max-Age=0", "d=4; expires=Fri, 01 Jan 2100 00:00:00 GMT", "=5"]);
    assert.equal(jar.header, "a=3; d=4");
  });

  it("are fifty at most, and none is longer than eight thousand characters", () => {
    const jar = new CookieJar();
    const count = () => jar.header.split("; ").length;
    jar.store([`long=${"x".repeat(8192)}`, ...Array.from({ length: 60 }, (_, index) => `c${index}=1`)]);
    assert.ok(!jar.header.includes("long"));
    assert.equal(count(), 49);
    jar.store(["d=1", "e=1", "c1=2"]);
    assert.equal(count(), 50);
    assert.match(jar.header, /c1=2;.*d=1$/);
  });
});
