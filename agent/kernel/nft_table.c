/* What our table of nf_tables has; see nft_table.h. */
#include "agent/kernel/nft_table.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* As nft names them, so that it can show them. */
    NFT_TYPE_IPV4 = 7,
    NFT_TYPE_IPV6 = 8,
    NFT_TYPE_IFINDEX = 20,
    NFT_TYPE_BITS = 6,

    ELEMENTS_A_MESSAGE = 256,
    /* An element, and its share of the message around it. */
    ELEMENT_BYTES = 48,
    FRAME_BYTES = 8192,
    RULES = 4,
    IPV4_DESTINATION = 16, /* where it is in the header */
    IPV6_DESTINATION = 24,
    /* <netinet/icmp6.h> does not go with what <linux/netfilter.h> includes. */
    PROTOCOL_ICMPV6 = 58,
    TYPE_NEIGHBOUR_SOLICITATION = 135,
    TYPE_NEIGHBOUR_ADVERTISEMENT = 136,
};

static const char table_name[] = "vipd";
static const char chain_name[] = "accept-no";

/* Type, length and value of a comment, as nft shows it. */
static const char comment[] = "\0\x21vipd: accept = no, do not change";

_Static_assert(sizeof(comment) == 2 + 0x21, "the comment's length is in it");

enum set {
    SET_IPV4 = 0,
    SET_IPV6,
    SET_LINK_LOCAL,
    SETS,
};

struct set_row {
    const char *name;
    uint32_t type;
    uint32_t length; /* of a key */
};

static const struct set_row sets[SETS] = {
    [SET_IPV4] = {"ipv4", NFT_TYPE_IPV4, 4},
    [SET_IPV6] = {"ipv6", NFT_TYPE_IPV6, 16},
    [SET_LINK_LOCAL] = {"ipv6-link", NFT_TYPE_IPV6 << NFT_TYPE_BITS | NFT_TYPE_IFINDEX, 20},
};

static enum set set_of(const struct nft_element *element)
{
    if (element->address.family == IP_FAMILY_IPV4)
        return SET_IPV4;
    return element->ifindex != 0 ? SET_LINK_LOCAL : SET_IPV6;
}

static uint32_t id_of(enum set set)
{
    return (uint32_t)set + 1;
}

static void put_table(struct nft_batch *batch, uint16_t type)
{
    bool made = type == NFT_MSG_NEWTABLE;
    struct nlmsghdr *message = nft_batch_message(batch, type, made ? NLM_F_CREATE : 0);

    mnl_attr_put_strz(message, NFTA_TABLE_NAME, table_name);
    if (made)
        mnl_attr_put(message, NFTA_TABLE_USERDATA, sizeof(comment), comment);
}

static void put_set(struct nft_batch *batch, enum set set)
{
    struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE);

    mnl_attr_put_strz(message, NFTA_SET_TABLE, table_name);
    mnl_attr_put_strz(message, NFTA_SET_NAME, sets[set].name);
    nft_put_number(message, NFTA_SET_FLAGS, 0);
    nft_put_number(message, NFTA_SET_KEY_TYPE, sets[set].type);
    nft_put_number(message, NFTA_SET_KEY_LEN, sets[set].length);
    nft_put_number(message, NFTA_SET_ID, id_of(set));
}

static void put_element(struct nlmsghdr *message, const struct nft_element *element, enum set set)
{
    uint8_t key[20] = {0};
    uint32_t ifindex = (uint32_t)element->ifindex;
    size_t size = ip_family_size(element->address.family);

    memcpy(key, element->address.octets, size);
    if (set == SET_LINK_LOCAL)
        memcpy(&key[size], &ifindex, sizeof(ifindex));
    struct nlattr *one = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
    struct nlattr *data = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
    mnl_attr_put(message, NFTA_DATA_VALUE, sets[set].length, key);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, one);
}

static void put_elements(struct nft_batch *batch, enum set set, const struct nft_element *elements,
                         size_t count)
{
    struct nlmsghdr *message = NULL;
    struct nlattr *list = NULL;
    size_t in_message = 0;

    for (size_t i = 0; i < count; i++) {
        if (set_of(&elements[i]) != set)
            continue;
        if (message == NULL) {
            message = nft_batch_message(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
            mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table_name);
            mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, sets[set].name);
            nft_put_number(message, NFTA_SET_ELEM_LIST_SET_ID, id_of(set));
            list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
            in_message = 0;
        }
        put_element(message, &elements[i], set);
        if (++in_message == ELEMENTS_A_MESSAGE) {
            mnl_attr_nest_end(message, list);
            message = NULL;
        }
    }
    if (message != NULL)
        mnl_attr_nest_end(message, list);
}

/* Behind the filters that people write: what those drop is dropped anyway. */
static void put_chain(struct nft_batch *batch)
{
    struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

    mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table_name);
    mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain_name);
    struct nlattr *hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
    nft_put_number(message, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
    nft_put_number(message, NFTA_HOOK_PRIORITY, 0);
    mnl_attr_nest_end(message, hook);
    nft_put_number(message, NFTA_CHAIN_POLICY, NF_ACCEPT);
    mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
}

/* A rule begins with its family. */
static struct nlmsghdr *begin_rule(struct nft_batch *batch, uint8_t family, struct nlattr **list)
{
    struct nlmsghdr *message =
        nft_batch_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

    mnl_attr_put_strz(message, NFTA_RULE_TABLE, table_name);
    mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain_name);
    *list = nft_expressions(message);
    nft_put_meta(message, NFT_META_NFPROTO, NFT_REG_1);
    nft_put_compare(message, NFT_CMP_EQ, family);
    return message;
}

static void put_drop(struct nft_batch *batch, enum set set, bool counted)
{
    bool ipv4 = set == SET_IPV4;
    struct nlattr *list;
    struct nlmsghdr *message = begin_rule(batch, ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6, &list);

    nft_put_payload(message, NFT_PAYLOAD_NETWORK_HEADER, ipv4 ? IPV4_DESTINATION : IPV6_DESTINATION,
                    ipv4 ? 4 : 16, NFT_REG_1);
    if (set == SET_LINK_LOCAL)
        nft_put_meta(message, NFT_META_IIF, NFT_REG_2);
    nft_put_lookup(message, sets[set].name, id_of(set));
    if (counted)
        nft_put_counter(message);
    nft_put_verdict(message, NF_DROP);
    mnl_attr_nest_end(message, list);
}

/* RFC 9568 6.1: these must not be dropped. */
static void put_neighbours(struct nft_batch *batch)
{
    struct nlattr *list;
    struct nlmsghdr *message = begin_rule(batch, NFPROTO_IPV6, &list);

    nft_put_meta(message, NFT_META_L4PROTO, NFT_REG_1);
    nft_put_compare(message, NFT_CMP_EQ, PROTOCOL_ICMPV6);
    nft_put_payload(message, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
    nft_put_compare(message, NFT_CMP_GTE, TYPE_NEIGHBOUR_SOLICITATION);
    nft_put_compare(message, NFT_CMP_LTE, TYPE_NEIGHBOUR_ADVERTISEMENT);
    nft_put_verdict(message, NF_ACCEPT);
    mnl_attr_nest_end(message, list);
}

static void put_content(struct nft_batch *batch, const struct nft_element *elements, size_t count,
                        bool counted)
{
    for (unsigned set = 0; set < SETS; set++)
        put_set(batch, (enum set)set);
    for (unsigned set = 0; set < SETS; set++)
        put_elements(batch, (enum set)set, elements, count);
    put_chain(batch);
    put_neighbours(batch);
    for (unsigned set = 0; set < SETS; set++)
        put_drop(batch, (enum set)set, counted);
}

/* What is sent besides the elements. */
struct manner {
    bool there;      /* there is to be a table */
    bool in_earnest; /* else it is tried, and nothing changed */
    bool counted;    /* the rules count what they drop */
};

static int send_once(struct nft_socket *socket, const struct nft_element *elements, size_t count,
                     const struct manner *manner)
{
    struct nft_batch batch;
    size_t size = FRAME_BYTES + count * ELEMENT_BYTES;
    /* The gaps between attributes go to the kernel as well. */
    char *octets = calloc(1, size);

    if (octets == NULL)
        return -ENOMEM;
    nft_batch_begin(&batch, octets, size, nft_socket_sequence(socket));
    /* What is not there cannot be deleted. */
    put_table(&batch, NFT_MSG_NEWTABLE);
    put_table(&batch, NFT_MSG_DELTABLE);
    if (manner->there) {
        put_table(&batch, NFT_MSG_NEWTABLE);
        put_content(&batch, elements, count, manner->counted);
    }
    if (manner->in_earnest)
        nft_batch_end(&batch);
    int r = nft_socket_send(socket, &batch);
    free(octets);
    return r;
}

/* Counting is no part of nf_tables before Linux 5.17 but a module, which may be missing. */
static int send_table(struct nft_socket *socket, const struct nft_element *elements, size_t count,
                      struct manner manner)
{
    manner.counted = true;
    int r = send_once(socket, elements, count, &manner);

    if (r != -ENOENT)
        return r;
    manner.counted = false;
    return send_once(socket, elements, count, &manner);
}

int nft_table_write(struct nft_socket *socket, const struct nft_element *elements, size_t count)
{
    return send_table(socket, elements, count,
                      (struct manner){.there = count > 0, .in_earnest = true});
}

int nft_table_try(struct nft_socket *socket)
{
    return send_table(socket, NULL, 0, (struct manner){.there = true});
}

int nft_table_intact(struct nft_socket *socket, const struct nft_element *elements, size_t count)
{
    int wanted[SETS] = {0};
    int there = nft_socket_count(socket, NFT_MSG_GETRULE, table_name, NFTA_RULE_CHAIN, chain_name);

    for (size_t i = 0; i < count; i++)
        wanted[set_of(&elements[i])]++;
    bool intact = there == RULES;
    for (unsigned set = 0; there >= 0 && intact && set < SETS; set++) {
        there = nft_socket_count(socket, NFT_MSG_GETSETELEM, table_name, NFTA_SET_ELEM_LIST_SET,
                                 sets[set].name);
        intact = there == wanted[set];
    }
    if (there == -ENOENT)
        return 0;
    return there < 0 ? there : intact;
}

bool nft_table_unknown(int error)
{
    /* -ENOENT: an expression, for all that the table itself refers to is in the same batch. */
    return error == -EPROTONOSUPPORT || error == -EOPNOTSUPP || error == -EAFNOSUPPORT ||
           error == -ENOENT;
}

const char *nft_table_problem(int error)
{
    if (error == -ENOENT)
        return "this kernel's nf_tables lacks a part that the table needs (modprobe nf_tables)";
    return nft_table_unknown(error)
               ? "this kernel has no nf_tables (CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET; "
                 "modprobe nf_tables)"
               : strerror(-error);
}
