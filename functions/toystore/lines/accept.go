package lines

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"syscall"
	"time"
)

// passing are the errors of a system that is short of something, for now, and of
// clients that went before they were accepted.
var passing = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED,
}

// pause is how long to wait before accepting again after a passing error.
const pause = 100 * time.Millisecond

// accept serves the connections of l, MaxConns at a time, until it is to stop or the
// listener fails.
func (s *serving) accept(l net.Listener) error {
	places := make(chan struct{}, s.MaxConns)
	for {
		select {
		case places <- struct{}{}:
		case <-s.reading.Done():
			return nil
		}
		accepted, err := l.Accept()
		switch {
		case err == nil:
			s.conns.Go(func() {
				s.connect(accepted)
				<-places
			})
		case isPassing(err):
			<-places
			slog.WarnContext(s.reading, "a connection was not accepted", "error", err.Error())
			sleep(s.reading, pause)
		default:
			return s.unlessStopping(err)
		}
	}
}

// unlessStopping returns err, nil if that is only the listener's being closed by us.
func (s *serving) unlessStopping(err error) error {
	select {
	case <-s.reading.Done():
		return nil
	default:
		return err
	}
}

func isPassing(err error) bool {
	return slices.ContainsFunc(passing, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
