"use strict";
// One discount: the code the register scans, or why there is none yet.
function drawn(rows) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const edge = 4;
  picture.setAttribute("viewBox", `0 0 ${rows[0].length + 2 * edge} ${rows.length + 2 * edge}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", "The code, for scanning");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", rows.flatMap((row, y) => [...row].map((dark, x) => (
    dark === "1" ? `M${x + edge} ${y + edge}h1v1h-1z` : ""
  ))).join(""));
  picture.append(path);
  return picture;
}

function show(result) {
  const told = result.structuredContent;
  if (result.isError || !told) return refused(result);
  const card = element("article");
  card.append(element("h1", told.action), element("p", money(told.at_stake)));
  const rows = result._meta && result._meta["tillhand/qr"];
  if (told.code) card.append(element("p", told.code, "code"));
  if (told.code && Array.isArray(rows) && rows.length) card.append(drawn(rows));
  for (const reason of told.reasons) if (reason.sentence) card.append(element("p", reason.sentence, "quiet"));
  card.append(element("p", told.next, "quiet"));
  if (told.state === "waiting") card.append(toConsole(told.approval_id));
  return [card];
}
