//go:build js && wasm

package main

// listening is how a run is told of while it lasts.
type listening struct {
	progress func(done int) // nil if nobody listens
	told     int            // what progress was told last
	events   *events        // nil if nobody listens
}

func listeners(c *call, o options) (to listening, err error) {
	onProgress, err := c.callback("onProgress")
	if err != nil {
		return to, err
	}
	if onProgress != nil {
		total := o.queries
		if o.base == "" {
			total *= o.clients
		}
		to.progress = func(done int) { onProgress(done, total) }
	}
	onEvents, err := c.callback("onEvents")
	if err == nil && onEvents != nil {
		to.events = &events{pass: onEvents}
	}
	return to, err
}
