//go:build unix

package lines

import "syscall"

// writeOnce writes to a socket, which Go has told not to wait.
var writeOnce = func(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
