package bundle

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"lockstep/functions/compute/quote"
)

// door is where a server is reached, before it serves.
type door struct {
	name string // of what is behind it
	flag string // the environment's name for its port
	port int
	net.Listener
}

func (d *door) url() string { return "http://" + d.Addr().String() }

// doors are all that the bundle has.
type doors struct {
	page, locks, toystore, lines, compute, shop, quotes *door

	datagrams net.PacketConn // of quotes
	open      []*door
}

// openDoors takes the ports of all doors, or of none.
func openDoors(ctx context.Context, c Config) (*doors, error) {
	d := &doors{
		page:     &door{name: "page", flag: "PAGE_PORT", port: c.PagePort},
		locks:    &door{name: "locks", flag: "LOCKS_PORT", port: c.LocksPort},
		toystore: &door{name: "toystore", flag: "TOYSTORE_PORT", port: c.ToystorePort},
		lines:    &door{name: "toystore's lines", flag: "LINES_PORT", port: c.LinesPort},
		compute:  &door{name: "compute", flag: "COMPUTE_PORT", port: c.ComputePort},
		shop:     &door{name: "shop", flag: "SHOP_PORT", port: c.ShopPort},
		quotes:   &door{name: "quotes", flag: "QUOTES_PORT", port: c.QuotesPort},
	}
	for _, one := range []*door{d.page, d.locks, d.toystore, d.lines, d.compute, d.shop, d.quotes} {
		if err := d.take(ctx, one, net.JoinHostPort(c.Host, strconv.Itoa(one.port))); err != nil {
			d.close()
			return nil, fmt.Errorf("port %d for %s can't be taken (another port: %s=...): %w", one.port, one.name, one.flag, err)
		}
	}
	return d, nil
}

func (d *doors) take(ctx context.Context, one *door, address string) (err error) {
	if one == d.quotes {
		one.Listener, d.datagrams, err = quote.Listen(ctx, address)
	} else {
		one.Listener, err = new(net.ListenConfig).Listen(ctx, "tcp", address)
	}
	if err == nil {
		d.open = append(d.open, one)
	}
	return err
}

func (d *doors) close() {
	for _, one := range d.open {
		_ = one.Close()
	}
	if d.datagrams != nil {
		_ = d.datagrams.Close()
	}
}
