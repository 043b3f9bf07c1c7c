// Package logging sets up the one logger of a process.
package logging

import (
	"io"
	"log/slog"
	"os"
)

// Setup makes slog's default logger write to w: JSON lines where json is true
// (in Lambda), else text for people. LOG_LEVEL (debug, info, warn, error; default
// info) says from which level on.
func Setup(w io.Writer, json bool) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(os.Getenv("LOG_LEVEL"))); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if json {
		slog.SetDefault(slog.New(slog.NewJSONHandler(w, options)))
		return
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(w, options)))
}
