//go:build !js

package pi

// pause is for js.
func pause(int64) {}
