import { assertEquals } from "@std/assert";
import { spareDescriptors } from "../../lib/registrar/descriptor_budget.ts";

Deno.test("spareDescriptors() gives back all that it tried", () => {
  // Far fewer than any system has; more often than there are, if one of them stayed open.
  for (let count = 0; count < 300; count++) assertEquals(spareDescriptors(100), 100);
});
