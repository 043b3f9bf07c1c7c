package lines

import (
	"errors"
	"net"
	"syscall"
)

// tryer writes what the system takes at once. That is nearly always all, and spares a
// change of goroutines, which costs as much as a query.
type tryer struct {
	raw   syscall.RawConn
	once  func(fd uintptr) bool
	bytes []byte
	n     int
	err   error
}

// newTryer returns nil if there is no trying: for a connection that is none of the
// system's, or on a system that is not known to say when it would wait.
func newTryer(c net.Conn) *tryer {
	system, ok := c.(syscall.Conn)
	if !ok || writeOnce == nil {
		return nil
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return nil
	}
	t := &tryer{raw: raw}
	t.once = func(fd uintptr) bool {
		t.n, t.err = writeOnce(fd, t.bytes)
		return true // whatever came of it: it must not wait
	}
	return t
}

// write returns how many bytes were written; 0, and no error, if it would have to wait.
func (t *tryer) write(p []byte) (n int, err error) {
	t.bytes = p
	err = t.raw.Write(t.once)
	t.bytes = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(t.err, syscall.EAGAIN), errors.Is(t.err, syscall.EINTR):
		return 0, nil
	}
	return max(0, t.n), t.err
}
