package sam

import (
	"context"
	"io"
	"net"
)

// Forward hands every connection that l takes on to the address, until l is
// closed; ctx is for reaching the address. Where nobody answers there the caller's
// connection is closed.
func Forward(ctx context.Context, l net.Listener, network, address string) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = near.Close() }()
			far, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return
			}
			defer func() { _ = far.Close() }()
			go func() {
				_, _ = io.Copy(far, near) // whichever side ends first ends both
				_ = far.Close()
			}()
			_, _ = io.Copy(near, far)
		}()
	}
}
