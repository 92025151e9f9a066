// Days of the calendar on the reader's wall, and the moments in which they begin.

// "2025-01-31" of a Date, where the reader is.
export function dayOf(date) {
  const two = (value) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

// The beginning of a day ("2025-01-31"; today without one), so many days later.
export function startOf(day, later = 0) {
  const [year, month, date] = (day ?? dayOf(new Date())).split('-').map(Number);
  return new Date(year, month - 1, date + later);
}
