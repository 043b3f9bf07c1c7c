package main

import (
	"syscall/js"
	"time"
)

// cpuTime is the process's: Node's, with the compiler of WebAssembly.
func cpuTime() time.Duration {
	usage := js.Global().Get("process").Call("cpuUsage")
	return time.Duration(usage.Get("user").Int()+usage.Get("system").Int()) * time.Microsecond
}
