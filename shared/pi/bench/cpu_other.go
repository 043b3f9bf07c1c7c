//go:build !js

package main

import (
	"syscall"
	"time"
)

// cpuTime is the process's. Linux knows the sum of the two well, but not how it
// divides into them.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it knows no other error than a wrong argument
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
