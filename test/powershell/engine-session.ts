import { processChannel, RunspacePoolSession, type SessionOptions } from "../../provider/powershell";

type Work = (session: RunspacePoolSession) => Promise<void>;

/** Does something in a session with an engine of its own, and closes it however that ends. */
export async function inSession(engine: string, work: Work, options: SessionOptions = {}): Promise<void> {
  const session = await RunspacePoolSession.open("cas-1", processChannel(engine), options);
  try {
    await work(session);
  } finally {
    await session.close();
  }
}
