package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// progress is a bar on a terminal, and nothing anywhere else. Safe for concurrent use.
type progress struct {
	w     io.Writer
	total int

	mu    sync.Mutex
	next  time.Time
	drawn int // characters, at most so far
}

// The bar's width, and how often it is drawn at most.
const (
	barWidth = 40
	barEvery = 50 * time.Millisecond
)

// newProgress returns a bar on w, if w is a terminal.
func newProgress(w io.Writer, total int) *progress {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &progress{w: w, total: total}
		}
	}
	return &progress{}
}

func (p *progress) show(done int) { p.draw(done, p.total, fmt.Sprintf("%d/%d", done, p.total)) }

// draw draws the bar with a text of one line beside it.
func (p *progress) draw(done, total int, text string) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Before(p.next) {
		return
	} else {
		p.next = now.Add(barEvery)
	}
	full := int(barWidth * float64(done) / float64(max(1, total)))
	line := fmt.Sprintf("[%s%s] %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), text)
	length := utf8.RuneCountInString(line)
	_, _ = fmt.Fprintf(p.w, "\r%s%*s", line, max(0, p.drawn-length), "")
	p.drawn = max(p.drawn, length)
}

// clear wipes the bar away.
func (p *progress) clear() {
	if p.w != nil && p.drawn > 0 {
		_, _ = fmt.Fprintf(p.w, "\r%*s\r", p.drawn, "")
	}
}
