package pi

import "time"

// pause lets the events of JavaScript in, every 64th block (some 100 ms): while Go
// works they all wait, also the one that would end the work.
func pause(block int64) {
	if block%64 == 63 {
		time.Sleep(time.Millisecond)
	}
}
