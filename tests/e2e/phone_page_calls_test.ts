import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { HAS_BROWSER, openBrowser } from "../../testing/browser.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { takePicture } from "../../testing/pictures.ts";
import { commandLine, startRegistry, type ToolProcess } from "../../testing/processes.ts";
import { isInstalled, Program } from "../../testing/program.ts";
import { EVERYTHING, startPhone } from "./phones.ts";
import { seen } from "./served_page.ts";

const ignore = !HAS_BROWSER || !EVERYTHING;
const WEB = ["--web", "--no-open", "--mic", "tone"] as const;

const addressOf = (phone: ToolProcess): string => phone.events("web_open")[0]?.url as string;
/** Waits until the page tells something that has not been told before. */
const tells = (page: Page, text: string, times = 1): Promise<void> =>
  seen(
    page,
    `[...document.querySelectorAll("#events li")].filter((one) => one.textContent.includes(${
      JSON.stringify(text)
    })).length >= ${times}`,
  );
const state = (page: Page, state: "idle" | "ringing.in" | "ringing.out" | "talking"): Promise<void> =>
  seen(page, `document.querySelector("#card.${state}")`);
const callButton = (page: Page, name: string) =>
  page.getByRole("button", { name: `Ligar para \u2068${name}\u2069` });

/** The messages between the two phones: from the page's phone `→`, to it `←`. */
const ARROWS = `[...document.querySelectorAll(".row.udp:not(.again)")].map((row) => {
  const line = row.querySelector("line.line");
  const right = Number(line.getAttribute("x2")) > Number(line.getAttribute("x1"));
  return row.querySelector(".label").textContent + (right ? " →" : " ←");
})`;

Deno.test({
  name: "a person at the page calls, is called, mutes, and sees who is there and what happens",
  ignore,
  async fn() {
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--mic", "tone"]);
    await using ana = await startPhone(registry.port, "ana", WEB);
    await using browser = await openBrowser();
    const { page, complaints } = await browser.newPage({
      locale: "pt-BR",
      permissions: ["notifications"],
      viewport: { width: 1280, height: 2000 },
    });
    await page.goto(addressOf(ana));
    await callButton(page, "maria").waitFor();

    {
      await using pedro = await startPhone(registry.port, "pedro");
      await callButton(page, "pedro").waitFor();
      await pedro.type("sair");
      await pedro.exitCode();
    }
    await callButton(page, "pedro").waitFor({ state: "detached" });

    await callButton(page, "maria").click();
    await state(page, "ringing.out");
    await maria.waitForEvent("invitation");
    await maria.type("recusar");
    await tells(page, "recusou");
    await state(page, "idle");

    await page.keyboard.press("/");
    await page.keyboard.type("mari");
    await page.keyboard.press("Enter");
    await state(page, "ringing.out");
    await maria.waitForEvent("invitation");
    await page.keyboard.press("Escape");
    await page.keyboard.press("d");
    await maria.waitForEvent("invitation_withdrawn");
    await state(page, "idle");

    await page.keyboard.press("/");
    await page.keyboard.type("ninguém");
    await page.keyboard.press("Enter");
    await tells(page, "Não há ninguém chamado “ninguém” na sala.");
    await page.keyboard.press("Escape");

    await maria.type("ligar ana");
    await state(page, "ringing.in");
    await seen(page, `/^☎ .*maria/.test(document.title)`);
    await page.keyboard.press("r");
    await maria.waitForEvent("rejected");
    await state(page, "idle");
    await maria.type("ligar ana");
    await state(page, "ringing.in");
    await page.getByRole("button", { name: "Recusar" }).click();
    await maria.waitForEvent("rejected");
    await state(page, "idle");

    await maria.type("ligar ana");
    await state(page, "ringing.in");
    await page.keyboard.press("a");
    const { code } = await maria.waitForEvent("call_started");
    await state(page, "talking");
    assertEquals((await page.textContent(".code b"))?.replaceAll(" ", ""), code);
    await seen(page, `document.title === "● maria · Sala"`);
    const meter = (at: number) => `Number(document.querySelectorAll("[role=meter]")[${at}].ariaValueNow)`;
    await seen(page, `${meter(0)} > 30 && ${meter(1)} > 30`);
    await page.keyboard.press("m");
    await seen(page, `${meter(0)} === 0 && document.querySelector(".action.muted")`);
    await maria.waitForEvent("status", ({ speakerDb }) => (speakerDb as number) < -60);
    await page.getByRole("button", { name: "Voltar a falar" }).click();
    await seen(page, `${meter(0)} > 30`);
    await seen(page, `document.querySelectorAll(".quality canvas").length === 5`);
    await seen(page, `Number(document.querySelector(".quality b").textContent) > 3`);

    const told = await page.locator("#events li").allTextContents();
    await page.reload();
    await state(page, "talking");
    await tells(page, "maria");
    assertEquals((await page.locator("#events li").allTextContents()).slice(0, told.length), told);
    assertEquals((await page.textContent(".code b"))?.replaceAll(" ", ""), code);

    await using pedro = await startPhone(registry.port, "pedro");
    await pedro.type("ligar ana");
    await pedro.waitForEvent("rejected", ({ reason }) => reason === "ocupado");
    await tells(page, "pedro");
    await page.setViewportSize({ width: 1280, height: 800 });
    await takePicture(page, "phone-page-in-call");
    await page.keyboard.press("d");
    await maria.waitForEvent("call_ended");
    await state(page, "idle");

    await maria.type("ligar pedro");
    await pedro.waitForEvent("invitation");
    await callButton(page, "maria").click();
    await ana.waitForEvent("rejected", ({ name, reason }) => name === "maria" && reason === "ocupado");
    await state(page, "idle");
    await maria.type("desligar");

    const before = ana.events("call_started").length;
    await pedro.waitForEvent("invitation_withdrawn");
    await callButton(page, "pedro").click();
    await pedro.waitForEvent("invitation", ({ name }) => name === "ana");
    await pedro.type("aceitar");
    await ana.waitForEvent("call_started", () => ana.events("call_started").length > before);
    await page.click("#tab-messages");
    await page.setViewportSize({ width: 1280, height: 4000 });
    await seen(page, `${ARROWS}.join().includes("convite pedro")`);
    await seen(page, `${ARROWS}.at(-1).startsWith("confirmação")`);
    const arrows: string[] = await page.evaluate(ARROWS);
    // Invitations and rings may be repeated, with a proof and without.
    let last = arrows.findLastIndex((arrow) => arrow.startsWith("confirmação")) + 1;
    for (const arrow of ["confirmação →", "resposta_ao_convite aceito ←", "tocando ←", "convite pedro →"]) {
      last = arrows.lastIndexOf(arrow, last - 1);
      assert(last >= 0, `${arrow} is not where it belongs in ${arrows.join(", ")}`);
    }
    await page.click("#tab-events");
    await pedro.type("desligar");
    await tells(page, "encerrou a ligação");
    await state(page, "idle");

    await page.getByRole("button", { name: "English" }).click();
    await tells(page, "You are in the room as ana");
    await page.locator(".leave").click();
    await page.getByRole("button", { name: "Really leave?" }).click();
    await seen(page, `document.querySelector(".notice")?.textContent.startsWith("The phone has ended")`);
    assertEquals(await ana.exitCode(), 0);
    assertEquals(complaints, []);
  },
});

Deno.test({
  name: "a page tells of a registry that is gone and back, and of a phone that was killed",
  ignore,
  async fn() {
    const port = freePorts();
    const first = await startRegistry(["--port", String(port)]);
    await using maria = await startPhone(port, "maria", ["--answer", "accept"]);
    await using ana = await startPhone(port, "ana", WEB);
    await using browser = await openBrowser();
    const { page, complaints } = await browser.newPage({ locale: "pt-BR" });
    await page.goto(addressOf(ana));
    await callButton(page, "maria").click();
    await state(page, "talking");
    await first[Symbol.asyncDispose]();
    await ana.waitForEvent("registry_lost");
    await seen(page, `document.querySelectorAll("#events .warning").length > 0`);
    await state(page, "talking");
    await using _second = await startRegistry(["--port", String(port)]);
    await ana.waitForEvent("registry_back");
    await maria.waitForEvent("registry_back");
    await page.keyboard.press("d");
    await state(page, "idle");
    await callButton(page, "maria").click();
    await state(page, "talking");
    assertEquals(complaints, []);
    ana.kill("SIGKILL");
    await seen(page, `document.querySelector(".notice.bad")?.textContent.includes("não responde")`);
    await seen(page, `document.title === "ana · Sala"`);
    assertEquals(await page.locator(".action:enabled, #people button:enabled").count(), 0);
  },
});

Deno.test({
  name: "a name that is taken is changed on the page of a phone that has a terminal",
  ignore: ignore || !isInstalled("script"),
  async fn() {
    await using registry = await startRegistry();
    await using _ana = await startPhone(registry.port, "ana");
    const place = `127.0.0.1:${registry.port}`;
    const words = commandLine("phone", [place, "ana", "0", "--speaker", "none", ...WEB]);
    const line = `stty cols 500; exec ${words.map((word) => `'${word}'`).join(" ")}`;
    await using phone = new Program(["script", "-qfec", line, "/dev/null"], {
      stdin: "piped",
      env: { LC_ALL: "pt_BR.UTF-8", NO_COLOR: "1", TERM: "xterm" },
    });
    const printed = await phone.waitFor((line) => /http:\/\/[\d.:]+\/#\w+/.test(line), "the page's address");
    const [address = ""] = /http:\/\/[\d.:]+\/#\w+/.exec(printed) ?? [];
    await using browser = await openBrowser();
    const { page, complaints } = await browser.newPage({ locale: "pt-BR" });
    await page.goto(address);
    await page.fill("#other-name", "bia");
    await page.keyboard.press("Enter");
    await callButton(page, "ana").waitFor();
    assertEquals(await page.textContent(".self"), "bia");
    assertEquals(complaints, []);
    await page.locator(".leave").click();
    await page.locator(".leave").click();
    assertEquals(await phone.exitCode(), 0);
  },
});

Deno.test({
  name: "another site in the same browser gets nothing of a phone, and the page's token goes nowhere",
  ignore,
  async fn() {
    await using registry = await startRegistry();
    await using ana = await startPhone(registry.port, "ana", WEB);
    const url = new URL(addressOf(ana));
    const token = url.hash.slice(1);
    const referers: (string | null)[] = [];
    await using site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      referers.push(request.headers.get("referer"));
      return new Response("<!DOCTYPE html><title>evil</title><p>evil", {
        headers: { "content-type": "text/html" },
      });
    });
    await using browser = await openBrowser({ args: ["--host-resolver-rules=MAP rebound.test 127.0.0.1"] });
    const { page, context } = await browser.newPage();
    const requests: string[] = [];
    context.on("request", async (request) => {
      requests.push(request.url().split("#")[0] ?? "", JSON.stringify(await request.allHeaders()));
    });
    await page.goto(url.href);
    await seen(page, `document.querySelector(".self")?.textContent === "ana"`);
    const places = `[document.documentElement.outerHTML, document.title, location.href, document.cookie,
      JSON.stringify(history.state), JSON.stringify(localStorage), name, document.referrer].join()`;
    assertEquals((await page.evaluate<string>(places)).includes(token), false, "not on the page");
    await page.click("#tab-messages");
    await page.click(".ladder .row");
    assertEquals((await page.evaluate<string>(places)).includes(token), false, "not among messages");

    // From a page of another port, of another name, and of a name that leads to the phone.
    for (const host of ["127.0.0.1", "evil.localhost", "rebound.test"]) {
      const { page: evil } = await browser.newPage();
      await evil.goto(`http://${host}:${site.addr.port}/`);
      const tried = await evil.evaluate<Record<string, string>>(`(async () => {
        const port = ${url.port}, token = "${token}", result = {};
        for (const name of ["127.0.0.1", "localhost", location.hostname]) {
          for (const path of ["", "phone.js", "line", "sound?page=x"]) {
            for (const init of [{}, { method: "POST", body: "x" }, { headers: { "sec-fetch-site": "same-origin" } }]) {
              result[name + "/" + path + (init.method ?? "")] =
                await fetch("http://" + name + ":" + port + "/" + path, init).then(() => "read", () => "refused");
            }
          }
          for (const protocols of [[], ["sala"], ["sala", token]]) {
            result["ws " + name + protocols.length] = await new Promise((done) => {
              const socket = new WebSocket("ws://" + name + ":" + port + "/line", protocols);
              socket.onopen = () => done("open");
              socket.onerror = () => done("refused");
            });
          }
        }
        const script = document.createElement("script");
        script.src = "http://127.0.0.1:" + port + "/phone.js";
        result.script = await new Promise((done) => {
          script.onload = () => done("run");
          script.onerror = () => done("refused");
          document.body.append(script);
        });
        const frame = document.createElement("iframe");
        frame.src = "http://127.0.0.1:" + port + "/";
        document.body.append(frame);
        await new Promise((done) => frame.onload = done);
        result.frame = frame.contentDocument === null ? "refused" : "read";
        return result;
      })()`);
      assertEquals(Object.entries(tried).filter(([, outcome]) => outcome !== "refused"), [], host);

      // By a click: without one a browser may block the window. The policy of openers parts the two: for the other site the window
      // is closed, and a driver of browsers may never hear of it.
      await evil.evaluate(`(() => {
        const button = document.body.appendChild(document.createElement("button"));
        button.id = "opens";
        button.textContent = "open";
        button.onclick = () => window.opened = open("http://127.0.0.1:${url.port}/");
      })()`);
      await evil.evaluate(`document.querySelector("#opens").click()`);
      await seen(evil, "window.opened === null || window.opened?.closed");
      const opened = await evil.context().newPage();
      await opened.goto(`http://127.0.0.1:${url.port}/`);
      await opened.waitForSelector(".no-token");
      assertMatch(await opened.textContent("body") ?? "", /address by|by the address/);
      assertEquals(await opened.evaluate(`sessionStorage.length`), 0, "without the token it has nothing");

      await evil.evaluate(`{
        const form = document.createElement("form");
        form.method = "post";
        form.enctype = "text/plain";
        form.action = "http://127.0.0.1:${url.port}/line";
        form.innerHTML = "<input name='{\\"type\\":\\"line\\",\\"line\\":\\"sair\\"}'>";
        document.body.append(form);
        form.submit();
      }`);
      await evil.waitForURL(/\/line$/).catch(() => {});
    }
    const { page: rebound } = await browser.newPage();
    const there = rebound.goto(`http://rebound.test:${url.port}/`).then(() => "there", () => "refused");
    assertEquals(await there, "refused", "a rebound name");
    assertNotEquals(requests, []);
    assertEquals(requests.filter((one) => one.includes(token)), [], "in no request");
    assertEquals(referers.filter((referer) => referer?.includes(token)), []);
    assertEquals(
      ana.events().filter(({ event }) => ["closed", "unknown_command", "inviting"].includes(event)),
      [],
    );
    await page.fill(".command input", "ajuda");
    await page.keyboard.press("Enter");
    await ana.waitForEvent("help");
  },
});
