/** Opens the phone's page in the person's browser, where there is a desktop. */

/**
 * For Linux and macOS. Every user of a machine can read every command line, and the address says all that the page needs to
 * be the phone's: the browser gets the name of a file, which nobody else may read, for as long as it may take to start. It is
 * in the home folder, without a dot: browsers in a box of their own (Snap, Flatpak) see no other place.
 */
const SCRIPT = `
case $(uname) in
Darwin) opener=open ;;
*) opener=xdg-open; [ -n "$DISPLAY$WAYLAND_DISPLAY" ] || exit 0 ;;
esac
command -v "$opener" || exit 0
umask 077
file=$HOME/sala-$$.html
set -C
cat >"$file" || exit 0
trap 'rm -f "$file"' EXIT
trap exit HUP INT TERM
"$opener" "$file"
sleep 20
`;

/** A page that sends the browser on to an address. */
function redirect(address: string): string {
  return `<!DOCTYPE html><title>Sala</title><meta http-equiv="refresh" content="0; url=${address}">\n`;
}

/**
 * Opens a page, if this program may start others and there is a desktop. Nothing waits for it, and nothing fails.
 *
 * @param address Without quotation marks and blanks.
 */
export async function openPage(address: string): Promise<void> {
  try {
    if (Deno.build.os === "windows") {
      return start("rundll32", ["url.dll,FileProtocolHandler", address]).unref();
    }
    const shell = start("sh", ["-c", SCRIPT]);
    shell.unref();
    const input = shell.stdin.getWriter();
    await input.write(new TextEncoder().encode(redirect(address)));
    await input.close();
  } catch {
    // Not permitted, no shell, or no desktop. The address stands on the screen.
  }
}

function start(command: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(command, { args, stdin: "piped", stdout: "null", stderr: "null" }).spawn();
}
