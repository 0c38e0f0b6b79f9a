"use strict";
// What waits for a person: one action a tool proposed, or the whole list.
function asked(one) {
  const card = element("article");
  card.append(element("h1", one.action));
  if (one.rationale) card.append(element("p", one.rationale));
  for (const reason of one.reasons) {
    const sentence = typeof reason === "string" ? reason : reason.sentence;
    if (sentence) card.append(element("p", sentence, "quiet"));
  }
  const facts = [`${money(one.at_stake)} at stake`];
  if (one.location_id) facts.push(one.location_id);
  if (one.proposed_by) facts.push(`asked by ${one.proposed_by}`);
  if (one.expires_at) facts.push(`becomes no at ${moment(one.expires_at)}`);
  card.append(element("p", facts.join(" · "), "quiet"));
  if (one.next) card.append(element("p", one.next, "quiet"));
  if (one.approval_id && (one.state === undefined || one.state === "waiting")) card.append(toConsole(one.approval_id));
  return card;
}

function show(result) {
  const told = result.structuredContent;
  if (result.isError || !told) return refused(result);
  if (!told.approvals) return [asked(told)];
  return told.approvals.length ? told.approvals.map(asked) : [element("p", "Nothing waits.")];
}
