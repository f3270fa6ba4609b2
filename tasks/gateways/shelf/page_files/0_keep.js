// The script is about to show fifty of the rows that follow: to make elements of all costs a phone more than the rest of the
// page, so they are kept as text, up to the next end of a script. Where no script runs, they are rows.
document.write('<script type="text/plain" id="kept">');
