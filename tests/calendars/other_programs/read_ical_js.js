// Prints the living instants of each calendar file of a folder as ical.js reads them: one JSON object by file name.
const fs = require("fs");
const ICAL = require(process.argv[2]);
const folder = process.argv[3];

function read(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.reset();
  calendar.getAllSubcomponents("vtimezone").forEach((zone) => ICAL.TimezoneService.register(zone));
  const events = calendar.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
  const exceptions = events.filter((each) => each.isRecurrenceException());
  const found = [];
  const add = (item, start, end) => {
    if (item.component.getFirstPropertyValue("status") !== "CANCELLED") found.push([start.toUnixTime(), end.toUnixTime()]);
  };
  events.filter((each) => !each.isRecurrenceException()).forEach((each) => {
    if (!each.isRecurring()) return add(each, each.startDate, each.endDate);
    exceptions.filter((one) => one.uid === each.uid).forEach((one) => each.relateException(one));
    const dates = each.iterator();
    for (let next = dates.next(); next; next = dates.next()) {
      const details = each.getOccurrenceDetails(next);
      add(details.item, details.startDate, details.endDate);
    }
  });
  return found;
}

const all = {};
fs.readdirSync(folder).forEach((name) => { all[name] = read(fs.readFileSync(`${folder}/${name}`, "utf8")); });
console.log(JSON.stringify(all));
