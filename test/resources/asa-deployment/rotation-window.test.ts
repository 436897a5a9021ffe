import assert from "node:assert/strict";
import { planFor, planLines, rotationToKeep } from "../../../provider/resources/asa-deployment/plan";
import { momentIn, rotationWindow, windowAt } from "../../../provider/resources/asa-deployment/rotation-window";
import { type AsaDeploymentInputs, type ServerState, schema } from "../../../provider/resources/asa-deployment/schema";
import { parseInputs } from "../../../provider/runtime/parse-inputs";

const zone = "Europe/Berlin";

/** `open`, or when it opens next, in UTC. */
function at(window: object, now: string): string {
  const state = windowAt(rotationWindow.parse(window), Date.parse(now));
  return state.open ? "open" : new Date(state.opens).toISOString().slice(0, 16);
}

/** Every time that it is open in a span, by looking every quarter of an hour, in UTC, as `from..to`. */
function openings(window: object, from: string, to: string): string[] {
  const found: string[] = [];
  let since: string | undefined;
  for (let minute = Date.parse(from); minute <= Date.parse(to); minute += 900_000) {
    const now = new Date(minute).toISOString();
    if (at(window, now) === "open") since ??= now.slice(0, 16);
    else if (since !== undefined) {
      found.push(`${since}..${now.slice(0, 16)}`);
      since = undefined;
    }
  }
  return found;
}

describe("a rotation window", () => {
  it("is open from its first minute until its last, on the days that it names", () => {
    const window = { days: ["saturday"], from: "22:00", to: "23:30" };
    // 2026-11-28 is a Saturday.
    for (const [now, state] of [
      ["2026-11-28T21:59:59.999Z", "2026-11-28T22:00"],
      ["2026-11-28T22:00:00.000Z", "open"],
      ["2026-11-28T23:29:59.999Z", "open"],
      ["2026-11-28T23:30:00.000Z", "2026-12-05T22:00"],
      ["2026-11-27T22:30:00.000Z", "2026-11-28T22:00"],
    ] as const) {
      assert.equal(at(window, now), state, now);
    }
  });

  it("belongs past midnight to the day on which it opens", () => {
    const window = { days: ["sunday", "saturday"], from: "22:00", to: "04:00", timeZone: zone };
    for (const [now, state] of [
      ["2026-11-28T02:00Z", "2026-11-28T21:00"],
      ["2026-11-28T21:00Z", "open"],
      ["2026-11-29T02:59Z", "open"],
      ["2026-11-29T03:00Z", "2026-11-29T21:00"],
      ["2026-11-30T02:59Z", "open"],
      ["2026-11-30T03:00Z", "2026-12-05T21:00"],
    ] as const) {
      assert.equal(at(window, now), state, now);
    }
  });

  it("is whole days where it names no hours, and every day where it names no days", () => {
    const days = openings({ days: ["monday"] }, "2026-11-29T00:00Z", "2026-12-02T00:00Z");
    assert.deepEqual(days, ["2026-11-30T00:00..2026-12-01T00:00"]);
    assert.equal(at({ from: "03:00", to: "04:00" }, "2026-11-30T05:00Z"), "2026-12-01T03:00");
    assert.equal(at({}, "2026-11-30T05:00Z"), "open");
    // Half an hour off the others, and on the other side of the date line.
    assert.equal(at({ from: "03:00", timeZone: "Asia/Kolkata" }, "2026-11-30T21:29Z"), "2026-11-30T21:30");
    assert.equal(at({ days: ["tuesday"], timeZone: "Pacific/Kiritimati" }, "2026-11-30T09:59Z"), "2026-11-30T10:00");
  });

  describe("where clocks go forward at 02:00 on 2027-03-28", () => {
    const over = (from: string, to: string) =>
      openings({ from, to, timeZone: zone }, "2027-03-27T23:00Z", "2027-03-28T21:00Z");

    it("keeps its hours before and after", () => {
      assert.deepEqual(over("01:00", "02:00"), ["2027-03-28T00:00..2027-03-28T01:00"]);
      assert.deepEqual(over("03:00", "04:00"), ["2027-03-28T01:00..2027-03-28T02:00"]);
      assert.deepEqual(over("01:00", "04:00"), ["2027-03-28T00:00..2027-03-28T02:00"]);
    });

    it("has nothing of the hour that is skipped, and opens next a day or a week later", () => {
      assert.deepEqual(over("02:00", "03:00"), []);
      assert.deepEqual(over("02:15", "02:45"), []);
      assert.deepEqual(over("02:30", "03:30"), ["2027-03-28T01:00..2027-03-28T01:30"]);
      assert.deepEqual(over("01:30", "02:30"), ["2027-03-28T00:30..2027-03-28T01:00"]);
      const window = { from: "02:00", to: "03:00", timeZone: zone };
      assert.equal(at(window, "2027-03-27T12:00Z"), "2027-03-29T00:00");
      assert.equal(at({ ...window, days: ["sunday"] }, "2027-03-27T12:00Z"), "2027-04-04T00:00");
    });
  });

  describe("where clocks go back at 03:00 on 2026-10-25", () => {
    const over = (from: string, to: string) =>
      openings({ from, to, timeZone: zone }, "2026-10-24T22:00Z", "2026-10-25T22:00Z");

    it("keeps its hours before and after, and is longer where it spans the hour that comes twice", () => {
      assert.deepEqual(over("01:00", "02:00"), ["2026-10-24T23:00..2026-10-25T00:00"]);
      assert.deepEqual(over("03:00", "04:00"), ["2026-10-25T02:00..2026-10-25T03:00"]);
      assert.deepEqual(over("01:00", "04:00"), ["2026-10-24T23:00..2026-10-25T03:00"]);
    });

    it("takes the first of two hours", () => {
      assert.deepEqual(over("02:15", "02:45"), ["2026-10-25T00:15..2026-10-25T00:45"]);
      assert.deepEqual(over("01:30", "02:30"), ["2026-10-24T23:30..2026-10-25T00:30"]);
      assert.deepEqual(over("02:30", "03:30"), ["2026-10-25T00:30..2026-10-25T02:30"]);
    });
  });

  it("tells a moment as its own clocks show it", () => {
    const window = rotationWindow.parse({ timeZone: zone });
    assert.equal(momentIn(window, Date.parse("2026-11-28T23:30Z")), "sunday 2026-11-29 00:30 Europe/Berlin");
    assert.equal(momentIn(window, Date.parse("2026-07-01T22:30Z")), "thursday 2026-07-02 00:30 Europe/Berlin");
  });

  for (const [window, property, reason] of [
    [{ timeZone: "W. Europe Standard Time" }, "timeZone", /no such time zone: give its IANA name/],
    [{ timeZone: "Europe/Bern" }, "timeZone", /no such time zone/],
    [{ timeZone: "" }, "timeZone", /no such time zone/],
    [{ from: "24:00", to: "04:00" }, "from", /time of day, as "22:00"/],
    [{ from: "9:00" }, "from", /time of day/],
    [{ to: "24:01" }, "to", /time of day, as "04:00", or "24:00"/],
    [{ from: "04:00", to: "04:00" }, "", /never open/],
    [{ days: ["Saturday"] }, "days.0", /in English, as "saturday"/],
    [{ days: [] }, "days", /at least one day/],
    [{ hours: "22-04" }, "hours", /no such property/],
  ] as const) {
    it(`is refused as ${JSON.stringify(window)}`, () => {
      const inputs = { account: "D\\ASA$", servers: ["cas-1.corp.tailspintoys.com"], rotation: { window } };
      const { refusals } = parseInputs(schema, inputs);
      assert.deepEqual(
        refusals.map((refusal) => refusal.property),
        [["rotation.window", property].filter(Boolean).join(".")],
      );
      assert.match(refusals[0]?.reason ?? "", reason);
    });
  }
});

describe("a plan with a rotation window", () => {
  const servers = ["cas-1.corp.tailspintoys.com", "cas-2.corp.tailspintoys.com"];
  const [first = "", second = ""] = servers;
  const account = "TAILSPIN\\ASA$";
  const wish = (more: object): AsaDeploymentInputs =>
    schema.parse({
      ...{ account, servers },
      rotation: { maxPasswordAgeDays: 30, window: { days: ["saturday"], from: "22:00", to: "04:00", timeZone: zone } },
      ...more,
    });
  const wanted = wish({});
  const state = (server: string, condition: ServerState["condition"]): ServerState => ({
    ...{ server, condition, version: "15.2", account, added: "", hasPrevious: true, otherAccounts: [] },
    passwordLastSet: "2026-10-01T00:00:00.000Z",
  });
  const healthy = servers.map((server) => state(server, "deployed"));
  const rotation = {
    ...{ passwordLastSet: "2026-10-01T00:00:00.000Z", rolledSince: false, oldTrigger: undefined },
    oldAccount: account,
  };
  const wednesday = Date.parse("2026-11-25T12:00Z");
  const saturdayNight = Date.parse("2026-11-29T02:00Z");
  const plan = (states: ServerState[], now: number, more: object = {}, inputs = wanted) =>
    planFor(inputs, states, { ...rotation, ...more }, servers, now);

  it("holds a password that is too old until its window, and says so", () => {
    const held = plan(healthy, wednesday);
    assert.deepEqual([held.roll, held.copy], [undefined, []]);
    assert.deepEqual(planLines(wanted, held), [
      `${account}: the password is due, as the password is 55 days old, and may be 30. ` +
        "It stays until the window opens: saturday 2026-11-28 22:00 Europe/Berlin",
    ]);
    const open = plan(healthy, saturdayNight);
    assert.deepEqual([open.roll, open.held], ["the password is 59 days old, and may be 30", undefined]);
    assert.deepEqual(plan(healthy, wednesday, { passwordLastSet: "2026-11-20T00:00:00.000Z" }).held, undefined);
  });

  it("holds a trigger until its window, which state does not say was followed", () => {
    const triggered = wish({ rotation: { ...wanted.rotation, maxPasswordAgeDays: undefined, trigger: "two" } });
    const held = plan(healthy, wednesday, { oldTrigger: "one" }, triggered);
    assert.deepEqual([held.roll, held.held?.because], [undefined, 'the trigger is now "two"']);
    assert.equal(plan(healthy, saturdayNight, { oldTrigger: "one" }, triggered).roll, 'the trigger is now "two"');
    const { window } = triggered.rotation ?? {};
    assert.ok(window);
    assert.deepEqual(rotationToKeep({ trigger: "two", window }, { trigger: "one" }, false), { trigger: "one", window });
    assert.deepEqual(rotationToKeep({ trigger: "two", window }, undefined, false), { window });
    assert.deepEqual(rotationToKeep({ trigger: "two", window }, { trigger: "one" }, true), { trigger: "two", window });
  });

  it("holds back nothing that mends", () => {
    const cmdlet = wish({ method: "cmdlet" });
    // A first deployment; every server out of step with the directory.
    const none = "no server is known to have the present password";
    for (const condition of ["missing", "stale"] as const) {
      assert.equal(
        plan(
          servers.map((server) => state(server, condition)),
          wednesday,
        ).roll,
        none,
      );
    }
    assert.match(plan(healthy, wednesday, { oldAccount: "TAILSPIN\\OLD$" }).roll ?? "", /^the account was /);
    // A server that lacks it gets a copy, or a roll where there are no copies.
    const lacking = [state(first, "deployed"), state(second, "missing")];
    const copied = plan(lacking, wednesday);
    assert.deepEqual(
      [copied.roll, copied.copy, copied.held?.opens],
      [undefined, [second], Date.parse("2026-11-28T21:00Z")],
    );
    assert.match(plan(lacking, wednesday, {}, cmdlet).roll ?? "", /cannot get a copy by cmdlet/);
    assert.equal(plan(lacking, wednesday, {}, cmdlet).held, undefined);
    // A roll that broke off goes on.
    const broken = [state(first, "unconfirmed"), state(second, "deployed")];
    assert.match(plan(broken, wednesday).roll ?? "", /55 days old/);
  });
});
