import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { ProviderError } from "../provider/error";
import type { SettingsSource } from "../provider/settings";

const configSchema = z.record(
  z.string(),
  z.object({ value: z.string().optional(), objectValue: z.unknown().optional() }),
);

/**
 * The same settings as the stack's: the configuration of the current Pulumi stack, where this folder is one of a Pulumi
 * project, and then the environment.
 * @param stack Another stack of the project than the current one.
 * @throws ProviderError `settings-invalid` with Pulumi's words where it cannot read the configuration, and where a stack is named
 *   and there is no Pulumi.
 */
export async function stackSettings(stack: string | undefined): Promise<SettingsSource> {
  const { env: environment } = process;
  const project = projectFolder(process.cwd());
  if (project === undefined) {
    if (stack === undefined) return { config: () => undefined, environment };
    throw new ProviderError("settings-invalid", "This folder is not one of a Pulumi project.", {
      hint: "Leave --stack out, or go to the folder that has Pulumi.yaml.",
    });
  }
  const config = await readConfig(project, stack);
  return {
    environment,
    config(key) {
      const found = config[key];
      // A path such as `contoso.domain` makes one object under `contoso`, which Pulumi shows as JSON text too.
      return found?.value ?? (found?.objectValue === undefined ? undefined : JSON.stringify(found.objectValue));
    },
  };
}

function projectFolder(folder: string): string | undefined {
  if (["Pulumi.yaml", "Pulumi.yml"].some((name) => existsSync(join(folder, name)))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : projectFolder(parent);
}

async function readConfig(folder: string, stack: string | undefined) {
  const chosen = stack === undefined ? [] : ["--stack", stack];
  try {
    // Secrets come through the pipe and stay in memory.
    const { stdout } = await promisify(execFile)(
      "pulumi",
      ["config", "--json", "--show-secrets", "--non-interactive", "--color=never", ...chosen],
      { cwd: folder, maxBuffer: 16 * 1024 * 1024 },
    );
    return configSchema.parse(JSON.parse(stdout));
  } catch (thrown) {
    const { code, stderr } = thrown as { code?: unknown; stderr?: string };
    if (code === "ENOENT") {
      // No Pulumi here: then the settings can only be in the environment.
      if (stack === undefined) return {};
      throw new ProviderError(
        "settings-invalid",
        `The settings of the stack ${stack} need the command pulumi, which is not found.`,
        {
          hint: "Put its folder into PATH, or leave --stack out to use the environment alone.",
          cause: thrown,
        },
      );
    }
    throw new ProviderError("settings-invalid", `Pulumi cannot read the configuration: ${stderr?.trim() ?? ""}`, {
      hint:
        "Select a stack (pulumi stack select), set PULUMI_CONFIG_PASSPHRASE_FILE where a passphrase protects it, or leave the " +
        "project's folder to use the environment alone.",
      cause: thrown,
    });
  }
}
