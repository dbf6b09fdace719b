import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { type PolledSocket, PollLoop, type SocketPoll } from "../../lib/transport/poll_loop.ts";

/** A socket whose datagrams a test adds, each a number. */
class FakeSocket implements PolledSocket {
  readonly descriptor = 0;
  readonly waiting: number[] = [];
  readonly received: number[] = [];
  /** Called with each datagram. */
  onReceived = (_number: number): void => {};

  receive(): boolean {
    const number = this.waiting.shift();
    if (number === undefined) return false;
    this.received.push(number);
    this.onReceived(number);
    return true;
  }
}

/** Polls of fake sockets: waiting takes no time on this thread, and on the other one until a test says so. */
class FakePolls {
  readonly log: string[] = [];
  #aside = Promise.withResolvers<void>();

  open = (sockets: readonly PolledSocket[]): SocketPoll => {
    const ready = () => sockets.filter((socket) => (socket as FakeSocket).waiting.length > 0);
    this.log.push(`open ${sockets.length}`);
    return {
      wait: () => ready(),
      waitAside: async () => {
        this.log.push("aside");
        await this.#aside.promise;
        this.#aside = Promise.withResolvers();
        return ready();
      },
      interrupt: () => {
        this.log.push("interrupt");
        this.wake();
      },
    };
  };

  /** Ends the other thread's wait, as a datagram does. */
  wake(): void {
    this.#aside.resolve();
  }
}

function setUp(...sockets: FakeSocket[]) {
  const polls = new FakePolls();
  const loop = new PollLoop(polls.open);
  for (const socket of sockets) loop.add(socket);
  return { polls, loop };
}

/** Lets the event loop have some turns. */
async function turns(): Promise<void> {
  for (let count = 0; count < 3; count++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Keeps a loop running until the result is called. */
function keepGoing(loop: PollLoop): () => void {
  let cancel = loop.setTimer(function again() {
    cancel = loop.setTimer(again, 5);
  }, 5);
  return () => cancel();
}

Deno.test("PollLoop runs timers in order, not too early, and no cancelled ones", async () => {
  const { loop } = setUp(new FakeSocket());
  const called: string[] = [];
  const start = loop.now();
  // Also if this test stalls between two of them.
  const setTimer = (callback: () => void, atMs: number) => loop.setTimer(callback, start + atMs - loop.now());
  const end = Promise.withResolvers<void>();
  setTimer(() => {
    called.push("third");
    assertGreaterOrEqual(loop.now() - start, 12.499);
    end.resolve();
  }, 12.5);
  setTimer(() => {
    called.push("first");
    takeBack();
  }, 3);
  setTimer(() => called.push("second"), 8);
  const takeBack = setTimer(() => called.push("taken back"), 6);
  await end.promise;
  assertEquals(called, ["first", "second", "third"]);
});

Deno.test("PollLoop gives the event loop turns, and promise callbacks run", async () => {
  const { loop } = setUp(new FakeSocket());
  const stop = keepGoing(loop);
  let went = 0;
  for (let count = 0; count < 3; count++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    went++;
  }
  await Deno.stat(".");
  stop();
  assertEquals(went, 3);
});

Deno.test("PollLoop receives while it runs, and while another thread waits", async () => {
  const socket = new FakeSocket();
  const { loop, polls } = setUp(socket);
  socket.waiting.push(1, 2);
  polls.wake();
  await turns();
  assertEquals(socket.received, [1, 2]);
  const came = Promise.withResolvers<void>();
  socket.onReceived = () => came.resolve();
  const stop = keepGoing(loop);
  socket.waiting.push(3);
  await came.promise;
  stop();
  assertEquals(socket.received, [1, 2, 3]);
});

Deno.test("PollLoop makes the other thread wait again after its timers", async () => {
  const socket = new FakeSocket();
  const { loop, polls } = setUp(socket);
  const stop = keepGoing(loop);
  // The thread that waits since before reports the next datagram, too; no second wait starts meanwhile.
  polls.wake();
  await turns();
  assertEquals(polls.log, ["open 1", "aside"]);
  stop();
  while (polls.log.length < 3) await turns();
  assertEquals(polls.log, ["open 1", "aside", "aside"]);
  socket.waiting.push(1);
  polls.wake();
  await turns();
  assertEquals(socket.received, [1]);
});

Deno.test("PollLoop receives no more than 32 datagrams before due timers run", async () => {
  const socket = new FakeSocket();
  const { loop, polls } = setUp(socket);
  socket.waiting.push(...Array(100).keys());
  const counts: number[] = [];
  const done = Promise.withResolvers<void>();
  loop.setTimer(function again() {
    counts.push(socket.received.length);
    if (socket.waiting.length > 0) loop.setTimer(again, 0);
    else done.resolve();
  }, 0);
  await done.promise;
  assertEquals(counts, [0, 32, 64, 96, 100]);
  polls.wake();
});

Deno.test("PollLoop.remove() stops receiving at once, and settles when no thread waits for the socket", async () => {
  const [first, second] = [new FakeSocket(), new FakeSocket()];
  const { loop, polls } = setUp(first, second);
  first.waiting.push(1, 2);
  // The first datagram leads to the removal, as a goodbye does.
  let removed: Promise<void> | undefined;
  first.onReceived = () => removed = loop.remove(first);
  polls.wake();
  await turns();
  assertEquals(first.received, [1]);
  await removed;
  second.waiting.push(3);
  polls.wake();
  await turns();
  assertEquals(second.received, [3]);
  await loop.remove(second);
  assertEquals(polls.log.at(-1), "interrupt");
});

Deno.test("PollLoop leaves its timers to the event loop during other work", async () => {
  const socket = new FakeSocket();
  const { loop, polls } = setUp(socket);
  const work = Promise.withResolvers<void>();
  const rest = loop.restDuring(work.promise);
  socket.waiting.push(1);
  await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  assertEquals(socket.received, [], "it does not go round");
  work.resolve();
  await rest;
  while (socket.received.length === 0) await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  polls.wake();
});

Deno.test("PollLoop rests until the last of several works is done", async () => {
  const socket = new FakeSocket();
  const { loop, polls } = setUp(socket);
  const [long, short] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const rests = [loop.restDuring(long.promise), loop.restDuring(short.promise)];
  short.resolve();
  await rests[1];
  socket.waiting.push(1);
  for (let count = 0; count < 10; count++) {
    await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  }
  assertEquals(socket.received, [], "it does not go round");
  long.resolve();
  await rests[0];
  while (socket.received.length === 0) await new Promise<void>((resolve) => loop.setTimer(resolve, 1));
  polls.wake();
});
