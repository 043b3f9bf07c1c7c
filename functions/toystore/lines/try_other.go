//go:build !unix

package lines

var writeOnce func(fd uintptr, p []byte) (int, error)
