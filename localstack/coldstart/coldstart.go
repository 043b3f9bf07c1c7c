// Package coldstart measures how long a function's binary takes from the start of
// its process to its first request for work. `make bench-coldstart` builds the
// binaries and runs it.
package coldstart
