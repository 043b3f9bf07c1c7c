package overhttp

// Limited is limited, for a test with a limit that it can reach.
var Limited = limited
