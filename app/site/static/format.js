// Values of answers as people read them. Days are days wherever one is; moments are shown in the reader's time zone.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LANGUAGE = 'en-GB';

const money = new Intl.NumberFormat(LANGUAGE, { style: 'currency', currency: 'GBP', maximumFractionDigits: 0 });
const number = new Intl.NumberFormat(LANGUAGE);
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' });
const short = { day: 'numeric', month: 'short' };
const dateFormat = new Intl.DateTimeFormat(LANGUAGE, short);
const longDateFormat = new Intl.DateTimeFormat(LANGUAGE, { ...short, year: 'numeric' });
const momentFormat = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'full', timeStyle: 'short' });
const clockFormat = new Intl.DateTimeFormat(LANGUAGE, { hour: '2-digit', minute: '2-digit' });
const weekdayFormat = new Intl.DateTimeFormat(LANGUAGE, { weekday: 'long', day: 'numeric', month: 'long' });

// What the source of a page does not tell.
export const UNKNOWN = '–';

export const count = (value) => value === null ? UNKNOWN : number.format(value);
export const pounds = (cents) => cents === null ? UNKNOWN : money.format(cents / 100);

// A day without a time ("2025-01-31") or the day of a moment; its year where that is not this one.
export function date(value) {
  const moment = new Date(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00` : value);
  const isThisYear = moment.getFullYear() === new Date().getFullYear();
  return (isThisYear ? dateFormat : longDateFormat).format(moment);
}

export const moment = (value) => momentFormat.format(new Date(value));
export const clock = (value) => clockFormat.format(new Date(value));
export const weekday = (value) => weekdayFormat.format(new Date(value));

export function ago(value, now = Date.now()) {
  const distance = new Date(value) - now;
  const size = Math.abs(distance);
  if (size < 59.5 * MINUTE) return relative.format(Math.round(distance / MINUTE), 'minute');
  if (size < 23.5 * HOUR) return relative.format(Math.round(distance / HOUR), 'hour');
  if (size < 30 * DAY) return relative.format(Math.round(distance / DAY), 'day');
  if (size < 365 * DAY) return relative.format(Math.round(distance / (30 * DAY)), 'month');
  return relative.format(Math.round(distance / (365 * DAY)), 'year');
}

// Past a hundred hours nobody counts minutes.
export function hours(minutes) {
  if (minutes === null) return UNKNOWN;
  if (minutes >= 6000) return `${count(Math.round(minutes / 60))} h`;
  const rest = minutes % 60;
  return `${count(Math.floor(minutes / 60))} h${rest ? ` ${rest} min` : ''}`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

// ON_HOLD, on_hold -> On hold
export function words(name) {
  const text = name.replaceAll('_', ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
