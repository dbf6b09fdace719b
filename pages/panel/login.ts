/**
 * The way into the panel of a room with a password. The password stays in this page: it answers a challenge, as a phone does
 * (docs/protocol.md, 1.3).
 */

import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";

const TEXTS = {
  pt: {
    title: "A sala tem senha",
    label: "Senha da sala",
    enter: "Entrar",
    working: "Um momento…",
    wrong: "A senha não é essa.",
    tooOften: "Tentativas demais: espere alguns segundos e tente de novo.",
    away: "O registro não responde. Tente de novo.",
  },
  en: {
    title: "The room has a password",
    label: "The room's password",
    enter: "Enter",
    working: "One moment…",
    wrong: "That is not the password.",
    tooOften: "Too many attempts: wait some seconds and try again.",
    away: "The registry does not answer. Try again.",
  },
};

/** The fields of `desafio`. */
interface Challenge {
  readonly sal: string;
  readonly iteracoes: number;
  readonly nonce: string;
}

const encoder = new TextEncoder();

function fromBase64url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The key, by the browser where it may, which is only over TLS and on the registry's own machine. */
async function deriveKey(password: string, { sal, iteracoes }: Challenge): Promise<Uint8Array> {
  const secret = encoder.encode(password.normalize("NFC"));
  const salt = fromBase64url(sal);
  const { subtle } = globalThis.crypto;
  if (!subtle) return pbkdf2Async(sha256, secret, salt, { c: iteracoes, dkLen: 32 });
  const key = await subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(salt), iterations: iteracoes };
  return new Uint8Array(await subtle.deriveBits(algorithm, key, 256));
}

/** Answers a challenge. @returns The status of the answer; 0 if the registry does not answer. */
async function login(password: string): Promise<number> {
  try {
    const challenge: Challenge = await (await fetch("challenge")).json();
    const key = await deriveKey(password, challenge);
    const nonce = toBase64url(crypto.getRandomValues(new Uint8Array(16)));
    const bound = ["sala registro", challenge.nonce, nonce, "", "painel", 0].join("\n");
    const prova = toBase64url(hmac(sha256, key, encoder.encode(bound)));
    const { status } = await fetch("login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ desafio: challenge.nonce, nonce, prova }),
    });
    return status;
  } catch {
    return 0;
  }
}

function show(): void {
  const texts = TEXTS[document.documentElement.lang === "en" ? "en" : "pt"];
  const form = document.createElement("form");
  const title = document.createElement("h1");
  const label = document.createElement("label");
  const input = document.createElement("input");
  const button = document.createElement("button");
  const said = document.createElement("p");
  form.className = "login";
  title.textContent = texts.title;
  label.append(texts.label, input);
  input.type = "password";
  input.autocomplete = "current-password";
  input.required = true;
  button.textContent = texts.enter;
  said.setAttribute("role", "status");
  form.append(title, label, button, said);
  const main = document.createElement("main");
  main.append(form);
  document.body.replaceChildren(main);
  input.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    said.textContent = texts.working;
    const status = await login(input.value);
    if (status === 200) return location.reload();
    said.textContent = status === 403 ? texts.wrong : status === 429 ? texts.tooOften : texts.away;
    button.disabled = false;
    input.select();
  });
}

show();
