import { z } from "zod";
import { cultures } from "../model/culture";
import { faultSchema } from "../model/faults";
import { managementRoles } from "../model/organization";
import { applicationPools } from "../model/server";

const server = z.string();

/** A command of one home of the model that has no wire of its own: the PowerShell module. */
const invocation = z.object({
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()).default({}),
});
export type Invocation = z.output<typeof invocation>;

/** Everything that the running lab can be told, one JSON object a line. */
export const requestSchema = z.discriminatedUnion("request", [
  z.object({ request: z.literal("status") }),
  z.object({ request: z.literal("add-fault"), fault: faultSchema }),
  z.object({ request: z.literal("clear-faults") }),
  z.object({ request: z.literal("stop-server"), server }),
  z.object({ request: z.literal("start-server"), server }),
  z.object({
    request: z.literal("set-service"),
    server,
    service: z.string(),
    state: z.enum(["Running", "Stopped"]),
  }),
  z.object({ request: z.literal("set-clock"), server, milliseconds: z.number().int() }),
  z.object({ request: z.literal("recycle"), server, pool: z.enum(applicationPools) }),
  z.object({ request: z.literal("expire-shells"), server: server.optional() }),
  z.object({
    request: z.literal("set-culture"),
    server,
    culture: z.enum(cultures),
    timeZone: z.string().optional(),
    words: z.object({ latest: z.string(), previous: z.string(), notSet: z.string() }).optional(),
  }),
  z.object({ request: z.literal("set-roles"), user: z.string(), roles: z.array(z.enum(managementRoles)) }),
  z.object({ request: z.literal("set-arrays"), arrays: z.record(z.string(), z.array(z.string())) }),
  z.object({
    request: z.literal("set-organization"),
    configurationShape: z.enum(["ask", "text", "object"]).optional(),
    proxyTo: z.enum(["same", "next", "next-always"]).optional(),
    maximumShells: z.number().int().positive().optional(),
    pickUpDelay: z.number().int().min(0).optional(),
  }),
  z.object({ request: z.literal("settle"), server }),
  z.object({
    request: z.literal("invoke"),
    server,
    user: z.string(),
    query: z.string().default(""),
    commands: z.array(invocation).min(1),
    /** How objects come back: their properties as JSON, or each as a document that PowerShell's own reader takes. */
    form: z.enum(["json", "clixml"]).default("json"),
  }),
]);
export type ControlRequest = z.input<typeof requestSchema>;
export type ParsedRequest = z.output<typeof requestSchema>;

export const serverStatusSchema = z.object({
  name: z.string(),
  fqdn: z.string(),
  product: z.string(),
  online: z.boolean(),
  services: z.record(z.string(), z.string()),
  /** Accounts of the stored credentials, newest first. */
  credentials: z.array(z.object({ account: z.string(), whenAddedUtc: z.string() })),
  /** How many of them Kerberos works with. */
  pickedUp: z.number(),
  shells: z.number(),
});
export const statusSchema = z.object({
  servers: z.array(serverStatusSchema),
  /** Commands that changed something, or tried to. */
  writes: z.number(),
  faults: z.array(z.record(z.string(), z.unknown())),
});
export type LabStatus = z.infer<typeof statusSchema>;

export const replySchema = z.union([z.object({ result: z.unknown() }), z.object({ error: z.string() })]);
