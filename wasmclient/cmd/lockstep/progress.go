package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress is a bar on a terminal, and nothing anywhere else. Safe for concurrent use.
type progress struct {
	w     io.Writer
	total int

	mu   sync.Mutex
	next time.Time
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

func (p *progress) show(done int) {
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
	full := barWidth * done / max(1, p.total)
	_, _ = fmt.Fprintf(p.w, "\r[%s%s] %d/%d", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, p.total)
}

// clear wipes the bar away.
func (p *progress) clear() {
	if p.w != nil {
		_, _ = fmt.Fprintf(p.w, "\r%*s\r", barWidth+30, "")
	}
}
