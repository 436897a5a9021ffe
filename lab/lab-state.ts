import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { labFolder } from "./folders";

/** A process that the lab started: its pid alone could by now be somebody else's. */
const recordedProcess = z.object({ name: z.string(), pid: z.number(), startTime: z.string() });
export type RecordedProcess = z.infer<typeof recordedProcess>;

const labState = z.object({
  processes: z.array(recordedProcess).default([]),
  /** Parts that stand: `dc1`, `dc2`, `users-forest`, `exchange` … */
  parts: z.array(z.string()).default([]),
});
export type LabState = z.infer<typeof labState>;

const stateFile = join(labFolder, "lab.json");

/** The lab as it was last written down; empty where there is none. */
export function readLabState(): LabState {
  return labState.parse(existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, "utf8")) : {});
}

/** Changes the written state in one step, so that a killed `up` leaves one that `down` can read. */
export function changeLabState(change: (state: LabState) => void): void {
  const state = readLabState();
  change(state);
  mkdirSync(labFolder, { recursive: true });
  writeFileSync(`${stateFile}.new`, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  renameSync(`${stateFile}.new`, stateFile);
}

export function hasPart(name: string): boolean {
  return readLabState().parts.includes(name);
}

/** Builds a part of the lab unless it stands already. */
export async function providePart(name: string, build: () => Promise<void>): Promise<void> {
  if (hasPart(name)) return;
  await build();
  changeLabState((state) => {
    state.parts.push(name);
  });
}
