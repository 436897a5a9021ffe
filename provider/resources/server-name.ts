import { z } from "zod";

const error = "Give the server by its full name, as cas-1.corp.tailspintoys.com";

/** A server's full name, in lower case as Exchange's servers are compared. */
export const serverName = z
  .string({ error })
  .regex(/^(?=.{1,255}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})+$/, { error })
  .transform((name) => name.toLowerCase());
