// Package logging sets up the one logger of a process that is not in Lambda.
package logging

import (
	"io"
	"log/slog"
	"os"
)

// Setup makes slog's default logger write lines for people to w. LOG_LEVEL (debug,
// info, warn, error; default info) says from which level on.
func Setup(w io.Writer) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(os.Getenv("LOG_LEVEL"))); err != nil {
		level = slog.LevelInfo
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})))
}
