//go:build !amd64

package pi

// fast lists the implementations beside the portable one, the fastest first.
var fast []implementation
