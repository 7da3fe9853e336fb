// deploy/proxy.pac, evaluated as a browser does: plain scripts without modules, and the functions that PAC readers bring.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";

const SOURCE = readFileSync(new URL("../../deploy/proxy.pac", import.meta.url), "utf8");
const BOTH = "PROXY 10.40.0.2:8080; PROXY filter.oakfield.example:3128";
const FILTER = "PROXY filter.oakfield.example:3128";

const number = (address) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const isIPv4 = (text) => /^\d+\.\d+\.\d+\.\d+$/.test(text);

function answer(address, host = "www.facebook.com") {
  const context = createContext({
    myIpAddress: () => address,
    isPlainHostName: (name) => !name.includes("."),
    isInNet: (name, net, mask) =>
      isIPv4(name) && (number(name) & number(mask)) === (number(net) & number(mask)),
  });
  runInContext(SOURCE, context);
  return runInContext(`FindProxyForURL("https://${host}/", "${host}")`, context);
}

test("school equipment of staff goes to Lunchbell, and has the filter as its second way", () => {
  for (const address of ["10.40.1.0", "10.40.1.255", "10.40.2.17", "10.40.3.63"]) {
    assert.equal(answer(address), BOTH);
  }
});

test("everyone else goes to the filter, as before", () => {
  for (const address of ["10.40.3.64", "10.40.8.9", "10.40.16.2", "192.168.1.5", "127.0.0.1", "fd40:1::7", ""]) {
    assert.equal(answer(address), FILTER);
  }
});

test("the school's own machines are asked by way of the filter", () => {
  assert.equal(answer("10.40.1.17", "intranet"), FILTER);
});

test("no answer leads around the filter, which always comes last", () => {
  for (let third = 0; third < 256; third++) {
    for (const host of ["www.facebook.com", "intranet", "10.40.0.1", "[2001:db8::1]", "localhost"]) {
      const ways = answer(`10.40.${third}.1`, host).split("; ");
      assert.equal(ways.at(-1), FILTER);
      assert.ok(ways.every((way) => way.startsWith("PROXY ")), ways);
    }
  }
  assert.ok(!SOURCE.replace(/\/\/.*/g, "").includes("DIRECT"));
});

test("the file is old JavaScript, which every PAC reader knows", () => {
  assert.doesNotMatch(SOURCE.replace(/\/\/.*/g, ""), /\b(let|const|class|import|export)\b|=>|`|\.\.\.|\?\./);
});
