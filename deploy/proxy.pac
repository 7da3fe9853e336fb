// How browsers on school equipment reach the web: through Lunchbell, and when it does not answer, through the filter.
// There is no third way: what neither of them takes does not load, as before Lunchbell.
// Fill in the three values, put the file on a web server of the school's, and check it: deploy/INSTALL.md.

var LUNCHBELL = "PROXY 10.40.0.2:8080"; // [proxy] listen
var FILTER = "PROXY filter.oakfield.example:3128"; // the school's own filter
// Networks and masks of the groups with equipment = "school" that staff use. Others never come to Lunchbell.
var SCHOOL_EQUIPMENT = [
  ["10.40.1.0", "255.255.255.0"],
  ["10.40.2.0", "255.255.255.0"],
  ["10.40.3.0", "255.255.255.192"],
];

// Old JavaScript on purpose: the PAC readers of some systems know nothing newer.
function FindProxyForURL(url, host) {
  if (isPlainHostName(host)) {
    return FILTER; // the school's own machines are nobody's social media
  }
  var here = myIpAddress();
  for (var i = 0; i < SCHOOL_EQUIPMENT.length; i++) {
    if (isInNet(here, SCHOOL_EQUIPMENT[i][0], SCHOOL_EQUIPMENT[i][1])) {
      return LUNCHBELL + "; " + FILTER;
    }
  }
  return FILTER;
}
