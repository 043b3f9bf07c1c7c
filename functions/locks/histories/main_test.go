// Package histories_test holds the locks service against what it promises, in
// histories of many clients that crash, are paused, have clocks of their own and meet
// faults. porcupine searches each history for an order in which everything could have
// happened one thing after the other. That it would find what is wrong is shown with
// builds that are broken on purpose.
package histories_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
)

// silent is a log in which nothing is written, since calls fail here all the time, but
// panics are counted: an operation answers them with a 500, as it does so much else.
type silent struct{ panics atomic.Int64 }

func (*silent) Enabled(context.Context, slog.Level) bool { return true }
func (s *silent) WithAttrs([]slog.Attr) slog.Handler     { return s }
func (s *silent) WithGroup(string) slog.Handler          { return s }
func (s *silent) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "panic" {
		s.panics.Add(1)
		fmt.Fprintln(os.Stderr, "panic")
		r.Attrs(func(a slog.Attr) bool {
			fmt.Fprintln(os.Stderr, a)
			return true
		})
	}
	return nil
}

func TestMain(m *testing.M) {
	log := &silent{}
	slog.SetDefault(slog.New(log))
	code := m.Run()
	if log.panics.Load() > 0 {
		code = 1
	}
	os.Exit(code)
}
