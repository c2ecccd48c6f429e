select original from copq.rate_document where document = $1
