package histories_test

import (
	"log/slog"
	"os"
	"testing"
)

// TestMain silences the log: that calls fail is what happens here all the time.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	code := m.Run()
	report()
	os.Exit(code)
}
